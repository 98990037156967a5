@NullMarked
package io.outboxworker.webhook;

import org.jspecify.annotations.NullMarked;
