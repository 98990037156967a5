package io.outboxworker.database;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Does for many rows at once what one of them may spoil for all. Whether a row is to blame is found
 * out and not read off its SQLSTATE, which a trigger may choose.
 */
public final class Halves {
  private Halves() {}

  /**
   * Runs the step with all rows. Where that fails although it works without any, it is run with one
   * half and the other, down to single rows: those that fail alone are told to {@code spoilt}.
   *
   * @param step a transaction of its own, which asks the database the same however many rows it has
   * @throws RuntimeException the step's, where the database is to blame; what was done until then
   *     stays done
   */
  public static <T> void run(
      List<T> rows, Consumer<List<T>> step, BiConsumer<T, RuntimeException> spoilt) {
    try {
      step.accept(rows);
    } catch (RuntimeException fault) {
      if (rows.isEmpty() || SqlFault.isOfDatabase(fault) || !works(step)) {
        throw fault;
      }
      if (rows.size() == 1) {
        spoilt.accept(rows.get(0), fault);
        return;
      }
      int middle = rows.size() / 2;
      run(rows.subList(0, middle), step, spoilt);
      run(rows.subList(middle, rows.size()), step, spoilt);
    }
  }

  /** A table, a column or a right that is missing is missed without any row as well. */
  private static <T> boolean works(Consumer<List<T>> step) {
    try {
      step.accept(List.of());
      return true;
    } catch (RuntimeException e) {
      return false;
    }
  }
}
