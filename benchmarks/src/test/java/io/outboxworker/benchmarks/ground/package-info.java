/** Tests of {@link io.outboxworker.benchmarks.ground}. */
@NullMarked
package io.outboxworker.benchmarks.ground;

import org.jspecify.annotations.NullMarked;
