/** What was measured: figures of each round, and the table, JSON and plots made of them. */
@NullMarked
package io.outboxworker.benchmarks.report;

import org.jspecify.annotations.NullMarked;
