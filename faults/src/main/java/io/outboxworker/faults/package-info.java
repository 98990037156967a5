/** Breaks everything around two workers under load, and checks that nothing was lost. */
@NullMarked
package io.outboxworker.faults;

import org.jspecify.annotations.NullMarked;
