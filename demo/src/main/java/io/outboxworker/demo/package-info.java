/** The whole product on one machine without PostgreSQL: what a newcomer sees first. */
@NullMarked
package io.outboxworker.demo;

import org.jspecify.annotations.NullMarked;
