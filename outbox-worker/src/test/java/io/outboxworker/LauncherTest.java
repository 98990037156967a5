package io.outboxworker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The launcher {@code ./outbox} in a checkout and in an installation, among JDKs that only print
 * their arguments.
 */
final class LauncherTest {

  private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

  private static final String LARGE_PAGES = "<-XX:+UseTransparentHugePages>";

  /** How a run of the launcher ended. */
  private record Run(int exit, String out, String err) {

    List<String> arguments() {
      return out.lines().toList();
    }
  }

  @TempDir private Path temp;
  private Path checkout;
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void a_checkout_and_no_jdk() throws Exception {
    checkout = Files.createDirectories(temp.resolve("check out"));
    executable(checkout.resolve("outbox"), Files.readString(REPOSITORY.resolve("outbox")));
    for (String source :
        List.of(
            "pom.xml",
            "outbox-worker/pom.xml",
            "outbox-worker/src/main/Main.java",
            "demo/pom.xml",
            "demo/src/main/Demo.java",
            "migrations/V1.sql")) {
      write(checkout.resolve(source), source);
    }
    executable(
        checkout.resolve("mvnw"),
        """
        echo "maven says something"
        echo "$JAVA_HOME $*" >>maven.log
        case $* in *demo*) modules='outbox-worker demo' ;; *) modules=outbox-worker ;; esac
        for module in $modules; do mkdir -p $module/target/lib && echo jar >$module/target/$module.jar; done
        """);
    environment.put("PATH", System.getenv("PATH"));
    environment.put("LANG", "C.UTF-8");
    environment.put("OUTBOX_JDK_FOLDERS", temp.resolve("jdks") + ":" + temp.resolve("more jdks"));
    hide_java_on_the_path();
  }

  @Test
  void the_first_explicit_jdk_that_is_new_enough_is_taken() throws Exception {
    jdk("jdks/newest", "26.0.1");
    environment.put("OUTBOX_JAVA_HOME", jdk("a", "21").toString());
    environment.put("JAVA_HOME", jdk("b", "25.0.3").toString());

    assertThat(javaHome()).isEqualTo(temp.resolve("a"));

    environment.remove("OUTBOX_JAVA_HOME");
    assertThat(javaHome()).isEqualTo(temp.resolve("b"));
  }

  @Test
  void a_java_home_that_is_too_old_is_passed_over_for_the_newest_of_the_usual_folders()
      throws Exception {
    environment.put("JAVA_HOME", jdk("old", "17.0.15").toString());
    jdk("jdks/eight", "1.8.0_392");
    jdk("jdks/a21", "21.0.9");
    jdk("jdks/b25.0.10", "25.0.10");
    jdk("more jdks/c25.0.9/Contents/Home", "25.0.9");

    assertThat(javaHome()).isEqualTo(temp.resolve("jdks/b25.0.10"));
  }

  @Test
  void the_jdks_of_macos_and_early_access_versions_are_found() throws Exception {
    jdk("more jdks/temurin.jdk/Contents/Home", "27-ea");
    jdk("jdks/a", "25.0.3");

    assertThat(javaHome()).isEqualTo(temp.resolve("more jdks/temurin.jdk/Contents/Home"));
  }

  @Test
  void java_on_the_path_is_found_behind_its_symbolic_links() throws Exception {
    jdk("jdks/newest", "26");
    Path java = jdk("somewhere", "25.0.3").resolve("bin/java");
    Path alternative = Files.createSymbolicLink(temp.resolve("alternative"), java);
    Files.delete(temp.resolve("bin/java"));
    Files.createSymbolicLink(temp.resolve("bin/java"), alternative);

    assertThat(javaHome()).isEqualTo(temp.resolve("somewhere"));
  }

  @Test
  void without_a_jdk_it_exits_69_and_says_what_it_needs_and_where_it_looked() throws Exception {
    environment.put("JAVA_HOME", jdk("old", "17.0.15").toString());
    jdk("jdks/older", "11.0.2");

    Run run = outbox("work");

    assertThat(run.exit()).isEqualTo(69);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .contains("version 21 or newer")
        .contains("OUTBOX_JAVA_HOME (not set)")
        .contains("JAVA_HOME (" + temp.resolve("old") + ")")
        .contains("java on the PATH (" + temp.resolve("bin/java") + ")")
        .contains(temp.resolve("more jdks").toString())
        .contains("Too old: " + temp.resolve("old") + "  " + temp.resolve("jdks/older"))
        .contains("https://adoptium.net");
    assertThat(checkout.resolve("maven.log")).doesNotExist();
  }

  @Test
  void a_runtime_without_a_compiler_runs_what_is_built_but_does_not_build() throws Exception {
    Path jre = jdk("jdks/jre", "25.0.3");
    Files.delete(jre.resolve("bin/javac"));

    assertThat(outbox("check").err()).contains("Without javac: " + jre);

    build();
    assertThat(outbox("check").exit()).isZero();
  }

  @Test
  void arguments_reach_the_program_unchanged() throws Exception {
    jdk("jdks/a", "25");
    build();

    Run run = outbox("event", "two words", "it's \"quoted\"", "*", "", "$HOME", "a\\nb", "José");

    assertThat(run.arguments())
        .endsWith(
            "<event>",
            "<two words>",
            "<it's \"quoted\">",
            "<*>",
            "<>",
            "<$HOME>",
            "<a\\nb>",
            "<José>");
  }

  @Test
  void the_flags_are_those_of_the_facts_and_the_operators_own_come_last() throws Exception {
    jdk("jdks/a", "25");
    build();
    environment.put("OUTBOX_JAVA_OPTS", "-Xmx512m  -Dglob=*");

    assertThat(outbox("work").arguments())
        .filteredOn(argument -> !argument.equals(LARGE_PAGES))
        .containsExactly(
            "<-Djdk.httpclient.keepalive.timeout=4>",
            "<-Djdk.http.maxHeaderSize=65536>",
            "<-Djdk.httpclient.disableRetryConnect=true>",
            "<-XX:+ExitOnOutOfMemoryError>",
            "<-Xmx256m>",
            "<-Xmx512m>",
            "<-Dglob=*>",
            "<-jar>",
            "<" + checkout.resolve("outbox-worker/target/outbox-worker.jar") + ">",
            "<work>");
    assertThat(outbox("check").arguments())
        .contains("<-XX:TieredStopAtLevel=1>", "<-XX:+UseSerialGC>");
  }

  @Test
  void large_pages_are_asked_for_where_the_kernel_has_them() throws Exception {
    jdk("jdks/a", "25");
    build();
    Path offered = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
    boolean offers = Files.exists(offered) && !Files.readString(offered).contains("[never]");

    assertThat(outbox("work").arguments().contains(LARGE_PAGES)).isEqualTo(offers);
    assertThat(outbox("check").arguments()).doesNotContain(LARGE_PAGES);
  }

  @Test
  void java_command_tells_what_work_is_run_with() throws Exception {
    Path jdk = jdk("jdks/a", "25");
    environment.put("OUTBOX_JAVA_OPTS", "-Xmx512m");

    assertThat(outbox("--java-command").arguments())
        .startsWith(jdk.resolve("bin/java").toString())
        .contains("-Xmx256m")
        .endsWith("-Xmx512m");
  }

  @Test
  void a_collector_that_the_operator_chose_stays_alone() throws Exception {
    jdk("jdks/a", "25");
    build();
    environment.put("OUTBOX_JAVA_OPTS", "-Xlog:gc -XX:+UseZGC");

    assertThat(outbox("check").out()).containsOnlyOnce("GC>").contains("<-XX:+UseZGC>");
  }

  @Test
  void it_builds_once_with_the_jdk_that_it_found_and_keeps_stdout_clean() throws Exception {
    Path jdk = jdk("jdks/a", "25");

    Run first = outbox("check");

    assertThat(first.exit()).isZero();
    assertThat(first.err())
        .startsWith("outbox: building outbox-worker")
        .contains("maven says something");
    assertThat(first.out()).doesNotContain("maven says something");
    assertThat(builds())
        .containsExactly(jdk + " -q -Dmaven.test.skip=true -pl outbox-worker package");

    assertThat(outbox("check").err()).isEmpty();
    assertThat(builds()).hasSize(1);
  }

  @Test
  void it_builds_again_when_a_source_changed_appeared_or_went() throws Exception {
    jdk("jdks/a", "25");
    build();

    write(checkout.resolve("migrations/V1.sql"), "select 1");
    outbox("check");
    assertThat(builds()).hasSize(1);

    write(checkout.resolve("outbox-worker/src/main/deep/New.java"), "");
    outbox("check");
    assertThat(builds()).hasSize(2);

    Files.delete(checkout.resolve("outbox-worker/src/main/deep/New.java"));
    outbox("check");
    assertThat(builds()).hasSize(3);

    outbox("check");
    assertThat(builds()).hasSize(3);
  }

  @Test
  void it_builds_again_after_a_build_that_was_interrupted() throws Exception {
    jdk("jdks/a", "25");
    build();
    write(checkout.resolve("target/building"), "");

    outbox("check");

    assertThat(builds()).hasSize(1);
    assertThat(checkout.resolve("target/building")).doesNotExist();
  }

  @Test
  void a_build_that_fails_ends_the_launcher_with_1() throws Exception {
    jdk("jdks/a", "25");
    executable(checkout.resolve("mvnw"), "echo 'no network'; exit 3");

    Run run = outbox("check");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("no network").contains("the build failed");
  }

  @Test
  void launchers_at_once_share_one_build() throws Exception {
    jdk("jdks/a", "25");
    assertThat(runsAtOnce(4)).allMatch(run -> run.exit() == 0);
    assertThat(builds()).hasSize(1);
  }

  @Test
  void launchers_at_once_share_one_build_where_there_is_no_flock_and_a_stale_lock()
      throws Exception {
    jdk("jdks/a", "25");
    environment.put("PATH", pathWithoutFlock());
    Process gone = new ProcessBuilder("true").start();
    gone.waitFor();
    Path lock = Files.createDirectories(checkout.resolve("target")).resolve("build.lock.holder");
    Files.createSymbolicLink(lock, Path.of(Long.toString(gone.pid())));

    assertThat(runsAtOnce(3)).allMatch(run -> run.exit() == 0);

    assertThat(builds()).hasSize(1);
    assertThat(Files.isSymbolicLink(lock)).isFalse();
  }

  @Test
  void it_works_from_another_folder_and_through_symbolic_links() throws Exception {
    jdk("jdks/a", "25");
    build();
    Path elsewhere = Files.createDirectories(temp.resolve("else where/bin"));
    Files.createSymbolicLink(elsewhere.resolve("first"), Path.of("../../check out/outbox"));
    Files.createSymbolicLink(elsewhere.resolve("outbox"), Path.of("first"));

    Run run = run(elsewhere, "outbox", "check");

    assertThat(run.err()).isEmpty();
    assertThat(run.arguments())
        .contains("<" + checkout.resolve("outbox-worker/target/outbox-worker.jar") + ">");
  }

  @Test
  void an_installation_without_sources_never_builds() throws Exception {
    jdk("jdks/a", "25");
    Path installed = Files.createDirectories(temp.resolve("opt/outbox"));
    Files.copy(checkout.resolve("outbox"), installed.resolve("outbox"));
    assertThat(run(installed, "./outbox", "work").err()).contains("there is no");

    write(installed.resolve("outbox-worker.jar"), "jar");

    assertThat(run(installed, "./outbox", "work").arguments())
        .containsSubsequence(
            "<-jar>", "<" + installed.resolve("outbox-worker.jar") + ">", "<work>");
    Run demo = run(installed, "./outbox", "demo");
    assertThat(demo.exit()).isEqualTo(64);
    assertThat(demo.err()).contains("the demo is not part of this installation");
  }

  @Test
  void demo_runs_its_own_module_with_the_remaining_arguments() throws Exception {
    jdk("jdks/a", "25");

    Run run = outbox("demo", "--for", "20s");

    assertThat(builds()).singleElement().asString().endsWith("-pl outbox-worker,demo package");
    assertThat(run.arguments())
        .containsSubsequence(
            "<-jar>", "<" + checkout.resolve("demo/target/demo.jar") + ">", "<--for>", "<20s>")
        .contains("<-XX:TieredStopAtLevel=1>")
        .doesNotContain("<demo>");
  }

  @ParameterizedTest
  @CsvSource({
    "21.0.8, 21000008.jsa, -XX:ArchiveClassesAtExit=, -XX:SharedArchiveFile=",
    "25.0.3, 25000003.aot, -XX:AOTCacheOutput=, -XX:AOTCache="
  })
  void an_archive_serves_while_it_is_newer_than_the_jar_for_the_java_that_made_it(
      String version, String name, String makes, String uses) throws Exception {
    Path jdk = jdk("jdks/a", version);
    executable(
        jdk.resolve("bin/java"),
        """
        case "$*" in
          *%1$s*)
            for word; do case $word in %1$s*) made=${word#*=} ;; esac; done
            trap 'echo "classes of $OUTBOX_LOG_LEVEL" >"$made"; exit 0' TERM
            echo "WARN waiting for the database with $OUTBOX_DATABASE_URL $OUTBOX_LOG_LEVEL"
            while :; do sleep 0.1; done ;;
        esac
        printf '<%%s>\\n' "$@"\
        """
            .formatted(makes));
    build();
    environment.put("OUTBOX_LOG_LEVEL", "nonsense");
    Path archive = checkout.resolve("outbox-worker/target/outbox-worker-" + name);
    String flag = "<" + uses + archive + ">";
    assertThat(outbox("work").arguments()).doesNotContain(flag);

    write(archive.resolveSibling("outbox-worker-23000001.jsa"), "of a Java that is gone");
    Run made = outbox("archive");
    assertThat(made.exit()).as(made.err()).isZero();
    assertThat(made.out()).isEqualTo(archive + "\n");
    assertThat(archive).hasContent("classes of ");
    try (Stream<Path> files = Files.list(archive.getParent())) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("lib", "outbox-worker.jar", "outbox-worker-" + name);
    }

    assertThat(outbox("work").arguments())
        .containsSubsequence("<-Xlog:all=warning:stderr>", flag, "<-jar>", "<work>");
    environment.put("OUTBOX_JAVA_OPTS", "-Xshare:off");
    assertThat(outbox("work").arguments()).doesNotContain(flag);
    environment.remove("OUTBOX_JAVA_OPTS");

    Files.setLastModifiedTime(archive, FileTime.from(Instant.now().minusSeconds(300)));
    assertThat(outbox("work").arguments()).doesNotContain(flag);
  }

  @Test
  void an_archive_can_be_that_of_a_worker_with_its_own_configuration() throws Exception {
    Path jdk = jdk("jdks/a", "25.0.3");
    executable(
        jdk.resolve("bin/java"),
        """
        for word; do case $word in -XX:AOTCacheOutput=*) made=${word#*=} ;; esac; done
        trap 'echo "$OUTBOX_LOG_LEVEL $*" >"$made"; exit 0' TERM
        echo "listening"
        kill -TERM "$PPID"
        while :; do sleep 0.1; done\
        """);
    build();
    environment.put("OUTBOX_LOG_LEVEL", "debug");
    environment.put("OUTBOX_JAVA_OPTS", "-Xmx1g");

    Run made = outbox("archive", "work", "--migrate");

    assertThat(made.exit()).as(made.err()).isZero();
    Path archive = checkout.resolve("outbox-worker/target/outbox-worker-25000003.aot");
    assertThat(made.out()).isEqualTo(archive + "\n");
    assertThat(made.err()).contains("listening");
    assertThat(archive)
        .content()
        .startsWith("debug ")
        .contains(" -Xmx1g ")
        .endsWith("outbox-worker.jar work --migrate\n");
  }

  @Test
  void a_java_that_makes_no_archive_is_told_and_leaves_nothing_behind() throws Exception {
    jdk("jdks/a", "25");
    build();

    Run run = outbox("archive");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("<work>", "no archive was made");
    try (Stream<Path> files = Files.list(checkout.resolve("outbox-worker/target"))) {
      assertThat(files).hasSize(2);
    }
  }

  private Path javaHome() throws Exception {
    Run run = outbox("--java-home");
    assertThat(run.exit()).as(run.err()).isZero();
    return Path.of(run.out().strip());
  }

  private List<String> builds() throws IOException {
    Path log = checkout.resolve("maven.log");
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }

  /** A complete build that is newer than every source. */
  private void build() throws IOException {
    try (Stream<Path> files = Files.walk(checkout)) {
      for (Path file : files.toList()) {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(60)));
      }
    }
    Files.createDirectories(checkout.resolve("outbox-worker/target/lib"));
    Path jar = checkout.resolve("outbox-worker/target/outbox-worker.jar");
    Files.writeString(jar, "jar");
    Files.setLastModifiedTime(jar, FileTime.from(Instant.now().minusSeconds(30)));
  }

  private Path jdk(String folder, String version) throws IOException {
    Path home = temp.resolve(folder);
    executable(home.resolve("bin/java"), "printf '<%s>\\n' \"$@\"");
    executable(home.resolve("bin/javac"), "");
    write(
        home.resolve("release"),
        "IMPLEMENTOR=\"Fake\"\nJAVA_VERSION=\"" + version + "\"\nOS_ARCH=\"x86_64\"\n");
    return home;
  }

  /** The machine's own JDK is none of ours: a java that lies in no JDK comes first. */
  private void hide_java_on_the_path() throws IOException {
    executable(temp.resolve("bin/java"), "exit 99");
    environment.put("PATH", temp.resolve("bin") + ":" + System.getenv("PATH"));
  }

  private String pathWithoutFlock() throws IOException {
    Path bin = temp.resolve("bin");
    for (String tool :
        List.of(
            "sh",
            "find",
            "head",
            "ln",
            "mkdir",
            "ps",
            "readlink",
            "rm",
            "rmdir",
            "sleep",
            "touch",
            "uname")) {
      for (String folder : System.getenv("PATH").split(":", -1)) {
        if (Files.isExecutable(Path.of(folder, tool)) && Files.notExists(bin.resolve(tool))) {
          executable(bin.resolve(tool), "exec " + Path.of(folder, tool) + " \"$@\"");
        }
      }
    }
    return bin.toString();
  }

  private List<Run> runsAtOnce(int launchers) throws Exception {
    executable(checkout.resolve("mvnw"), "sleep 1\n" + Files.readString(checkout.resolve("mvnw")));
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < launchers; i++) {
      processes.add(start(checkout, "./outbox", "check"));
    }
    List<Run> runs = new ArrayList<>();
    for (Process process : processes) {
      runs.add(end(process));
    }
    return runs;
  }

  private Run outbox(String... arguments) throws Exception {
    return run(checkout, "./outbox", arguments);
  }

  private Run run(Path folder, String launcher, String... arguments) throws Exception {
    return end(start(folder, launcher, arguments));
  }

  private Process start(Path folder, String launcher, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("sh", launcher));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** Reads stdout first: what these runs print on stderr fits into a pipe. */
  private static Run end(Process process) throws Exception {
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Run(process.exitValue(), out, err);
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static void executable(Path file, String script) throws IOException {
    write(file, script.startsWith("#!") ? script : "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
