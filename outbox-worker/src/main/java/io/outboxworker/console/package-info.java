/** The web console: static pages over the same REST API that everybody else has. */
@NullMarked
package io.outboxworker.console;

import org.jspecify.annotations.NullMarked;
