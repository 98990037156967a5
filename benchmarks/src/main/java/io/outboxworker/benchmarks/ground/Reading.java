package io.outboxworker.benchmarks.ground;

/**
 * What was used up to a moment.
 *
 * @param workerCpu seconds of CPU of the process that delivers
 * @param postgresCpu the same of all of PostgreSQL's processes
 * @param receiverCpu the same of the receiver
 * @param walBytes bytes of write-ahead log
 * @param statements statements of the run's database
 * @param writes transactions that wrote
 */
public record Reading(
    long micros,
    double workerCpu,
    double postgresCpu,
    double receiverCpu,
    long walBytes,
    long statements,
    long writes) {
  /** What was used from then to now. */
  public Reading since(Reading then) {
    return new Reading(
        micros - then.micros,
        workerCpu - then.workerCpu,
        postgresCpu - then.postgresCpu,
        receiverCpu - then.receiverCpu,
        walBytes - then.walBytes,
        statements - then.statements,
        writes - then.writes);
  }

  /** The time that passed. */
  public double seconds() {
    return micros / 1e6;
  }
}
