package io.outboxworker.faults;

import java.util.List;

/**
 * What became of every event of a run.
 *
 * @param required deliveries that must have been made
 * @param lost deliveries that were not made, or called delivered without a genuine receipt
 * @param ghosts POSTs that nobody should have sent
 * @param altered POSTs whose body or signature is not what it should be
 * @param duplicated deliveries that were POSTed more often than they have attempts
 * @param mostPosts the largest number of POSTs of one delivery
 * @param mostExtra the largest number of POSTs of one delivery beyond its attempts
 * @param inDoubt transactions whose COMMIT was not answered
 * @param notFinal events and deliveries that still wait
 * @param examples a few lines about what is wrong
 */
record Report(
    int required,
    int delivered,
    int failed,
    int lost,
    int ghosts,
    int altered,
    int duplicated,
    int mostPosts,
    int mostExtra,
    int inDoubt,
    int notFinal,
    List<String> examples) {

  /** Whether nothing is lost, invented, altered or left over, and POSTs keep within this bound. */
  boolean passes(int allowedExtra) {
    return lost == 0 && ghosts == 0 && altered == 0 && notFinal == 0 && mostExtra <= allowedExtra;
  }

  String line() {
    return ("required %d  delivered %d  failed %d  lost %d  ghost %d  altered %d  duplicated %d"
            + " (most POSTs %d, most beyond attempts %d)  in doubt %d  not final %d")
        .formatted(
            required,
            delivered,
            failed,
            lost,
            ghosts,
            altered,
            duplicated,
            mostPosts,
            mostExtra,
            inDoubt,
            notFinal);
  }
}
