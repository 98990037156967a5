/** What is measured. */
@NullMarked
package io.outboxworker.benchmarks.scenario;

import org.jspecify.annotations.NullMarked;
