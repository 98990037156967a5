/** Measures the worker, and the same work done without a database or by its peers. */
@NullMarked
package io.outboxworker.benchmarks;

import org.jspecify.annotations.NullMarked;
