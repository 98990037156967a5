/** Tests of {@link io.outboxworker.benchmarks}. */
@NullMarked
package io.outboxworker.benchmarks;

import org.jspecify.annotations.NullMarked;
