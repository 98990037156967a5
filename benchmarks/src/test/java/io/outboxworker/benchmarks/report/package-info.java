/** Tests of {@link io.outboxworker.benchmarks.report}. */
@NullMarked
package io.outboxworker.benchmarks.report;

import org.jspecify.annotations.NullMarked;
