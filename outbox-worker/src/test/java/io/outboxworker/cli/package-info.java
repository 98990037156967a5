@NullMarked
package io.outboxworker.cli;

import org.jspecify.annotations.NullMarked;
