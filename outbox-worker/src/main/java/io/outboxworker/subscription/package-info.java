@NullMarked
package io.outboxworker.subscription;

import org.jspecify.annotations.NullMarked;
