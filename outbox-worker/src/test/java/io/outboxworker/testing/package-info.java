/** What tests of every room share: a real PostgreSQL, and what makes waiting for it bearable. */
@NullMarked
package io.outboxworker.testing;

import org.jspecify.annotations.NullMarked;
