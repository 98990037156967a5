@NullMarked
package io.outboxworker.database;

import org.jspecify.annotations.NullMarked;
