package io.outboxworker.browser;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType.LaunchOptions;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * The Chromium of this machine, one for all tests of the JVM. None is downloaded: without one the
 * tests are skipped.
 */
final class Browsers {
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome");
  private static final List<String> ARGUMENTS =
      List.of(
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync");

  private static final double PATIENCE_MILLIS = 15_000;

  private static @Nullable Browser browser;

  private Browsers() {}

  /** Starts it, once; ends the test as skipped where there is none. */
  static synchronized Browser shared() {
    Optional<Path> executable = executable();
    Assumptions.assumeTrue(
        executable.isPresent(),
        "SKIPPED: no Chromium on the PATH (apt-get install chromium, or set CHROMIUM to one)");
    if (browser == null) {
      browser = launch(executable.orElseThrow());
    }
    return browser;
  }

  private static Browser launch(Path executable) {
    PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLIS);
    Playwright playwright =
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    Runtime.getRuntime().addShutdownHook(new Thread(playwright::close));
    return playwright
        .chromium()
        .launch(new LaunchOptions().setExecutablePath(executable).setArgs(ARGUMENTS));
  }

  private static Optional<Path> executable() {
    String named = System.getenv("CHROMIUM");
    Stream<Path> candidates =
        named != null
            ? Stream.of(Path.of(named))
            : Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)));
    return candidates.filter(Files::isExecutable).findFirst();
  }
}
