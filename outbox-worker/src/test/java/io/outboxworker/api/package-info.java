@NullMarked
package io.outboxworker.api;

import org.jspecify.annotations.NullMarked;
