package io.outboxworker;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Holds the table of docs/architecture.md: which room may import which. */
final class ArchitectureTest {
  private static final String ROOT = "io.outboxworker";

  private static final Map<String, Set<String>> MAY_IMPORT =
      Map.ofEntries(
          entry("webhook", Set.of()),
          entry("metrics", Set.of()),
          entry("database", Set.of()),
          entry("console", Set.of()),
          entry("tracing", Set.of("webhook")),
          entry("subscription", Set.of("webhook")),
          entry("delivery", Set.of("subscription", "tracing", "webhook", "metrics", "database")),
          entry("outbox", Set.of("delivery", "subscription", "metrics", "database")),
          entry("upkeep", Set.of("outbox", "delivery", "subscription", "metrics", "database")),
          entry(
              "api",
              Set.of(
                  "upkeep",
                  "outbox",
                  "delivery",
                  "subscription",
                  "webhook",
                  "metrics",
                  "database")),
          entry(
              "cli",
              Set.of(
                  "api",
                  "upkeep",
                  "outbox",
                  "delivery",
                  "subscription",
                  "webhook",
                  "metrics",
                  "database")));

  private static final JavaClasses CLASSES =
      new ClassFileImporter().withImportOption(new DoNotIncludeTests()).importPackages(ROOT);

  @TestFactory
  List<DynamicTest> each_room_imports_only_the_rooms_that_it_may() {
    return MAY_IMPORT.keySet().stream()
        .sorted()
        .map(room -> DynamicTest.dynamicTest(room, () -> checkImports(room)))
        .toList();
  }

  @Test
  void there_are_no_other_rooms() {
    assertThat(CLASSES.stream().map(ArchitectureTest::room).distinct())
        .allSatisfy(room -> assertThat(room.isEmpty() || MAY_IMPORT.containsKey(room)).isTrue());
  }

  @Test
  void no_two_rooms_need_each_other() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void classes_are_final_unless_they_are_interfaces() {
    classes()
        .that()
        .areTopLevelClasses()
        .and()
        .areNotInterfaces()
        .and()
        .resideInAPackage(ROOT + "..")
        .should()
        .haveModifier(JavaModifier.FINAL)
        .check(CLASSES);
  }

  private static void checkImports(String room) {
    DescribedPredicate<JavaClass> foreign = resideInAPackage(ROOT + "..");
    for (String allowed : MAY_IMPORT.getOrDefault(room, Set.of())) {
      foreign = foreign.and(resideOutsideOfPackage(ROOT + "." + allowed + ".."));
    }
    foreign = foreign.and(resideOutsideOfPackage(ROOT + "." + room + ".."));
    noClasses()
        .that()
        .resideInAPackage(ROOT + "." + room + "..")
        .should()
        .dependOnClassesThat(foreign)
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  private static String room(JavaClass type) {
    String name = type.getPackageName();
    return name.equals(ROOT) ? "" : name.substring(ROOT.length() + 1);
  }
}
