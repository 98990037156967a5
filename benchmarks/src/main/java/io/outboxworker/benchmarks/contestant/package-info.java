/** Everything that delivers: the worker, the bare client, and the peers. */
@NullMarked
package io.outboxworker.benchmarks.contestant;

import org.jspecify.annotations.NullMarked;
