@NullMarked
package io.outboxworker.testing;

import org.jspecify.annotations.NullMarked;
