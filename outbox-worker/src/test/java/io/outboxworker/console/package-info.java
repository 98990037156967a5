@NullMarked
package io.outboxworker.console;

import org.jspecify.annotations.NullMarked;
