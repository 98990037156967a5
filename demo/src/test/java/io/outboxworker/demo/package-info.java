@NullMarked
package io.outboxworker.demo;

import org.jspecify.annotations.NullMarked;
