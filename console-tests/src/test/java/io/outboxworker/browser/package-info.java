/** The console in a real Chromium, against a real worker and a real PostgreSQL. */
@NullMarked
package io.outboxworker.browser;

import org.jspecify.annotations.NullMarked;
