@NullMarked
package io.outboxworker.outbox;

import org.jspecify.annotations.NullMarked;
