@NullMarked
package io.outboxworker.upkeep;

import org.jspecify.annotations.NullMarked;
