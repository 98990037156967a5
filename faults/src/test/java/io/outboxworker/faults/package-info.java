@NullMarked
package io.outboxworker.faults;

import org.jspecify.annotations.NullMarked;
