@NullMarked
package io.outboxworker.metrics;

import org.jspecify.annotations.NullMarked;
