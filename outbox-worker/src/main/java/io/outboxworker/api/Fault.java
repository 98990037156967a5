package io.outboxworker.api;

/**
 * One thing that is wrong with a request.
 *
 * @param pointer where: a JSON Pointer into the body, or a slash and the name of a query parameter
 * @param detail what is wrong, and what is allowed
 */
record Fault(String pointer, String detail) {}
