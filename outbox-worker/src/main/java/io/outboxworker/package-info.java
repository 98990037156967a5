@NullMarked
package io.outboxworker;

import org.jspecify.annotations.NullMarked;
