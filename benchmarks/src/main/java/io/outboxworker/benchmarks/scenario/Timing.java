package io.outboxworker.benchmarks.scenario;

/**
 * How long an open loop runs.
 *
 * @param warmUpEvents events that are drained before anything is measured, so that the JVM is warm
 * @param seconds how long each rate is kept
 */
public record Timing(int warmUpEvents, double seconds) {}
