/** Tests of {@link io.outboxworker.benchmarks.scenario}. */
@NullMarked
package io.outboxworker.benchmarks.scenario;

import org.jspecify.annotations.NullMarked;
