@NullMarked
package io.outboxworker.delivery;

import org.jspecify.annotations.NullMarked;
