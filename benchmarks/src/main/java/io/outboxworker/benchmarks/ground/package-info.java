/** What a run stands on: PostgreSQL, the receiver, and the meters that read both. */
@NullMarked
package io.outboxworker.benchmarks.ground;

import org.jspecify.annotations.NullMarked;
