package io.outboxworker.faults;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** Certificates that no sender should accept, made by the JDK's keytool. */
final class Certificates {
  private static final String PASSWORD = "changeit";

  private final Path folder;

  Certificates(Path folder) {
    this.folder = folder;
  }

  /** A TLS port of 127.0.0.1 that shows a certificate of its own. */
  ServerSocket listening(String name, String... keytoolOptions) throws Exception {
    Path store = folder.resolve(name + ".p12");
    make(name, store, keytoolOptions);
    KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
    KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context
        .getServerSocketFactory()
        .createServerSocket(0, 100, InetAddress.getLoopbackAddress());
  }

  /** What a worker is told to trust: these certificates, as PEM. */
  Path trusted(List<String> names) throws IOException, GeneralSecurityException {
    StringBuilder pem = new StringBuilder();
    for (String name : names) {
      Path file = folder.resolve(name + ".pem");
      keytool(store(name), "-exportcert", "-rfc", "-alias", name, "-file", file.toString());
      pem.append(Files.readString(file));
    }
    return Files.writeString(folder.resolve("trusted.pem"), pem);
  }

  private void make(String name, Path store, String... options) throws IOException {
    List<String> line = new ArrayList<>(List.of("-genkeypair", "-alias", name, "-keyalg", "EC"));
    line.addAll(List.of("-dname", "CN=" + name, "-ext", "bc:c"));
    line.addAll(List.of(options));
    keytool(store, line.toArray(String[]::new));
  }

  private Path store(String name) {
    return folder.resolve(name + ".p12");
  }

  private void keytool(Path store, String... options) throws IOException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    line.addAll(List.of(options));
    line.addAll(List.of("-keystore", store.toString(), "-storepass", PASSWORD));
    Path log = folder.resolve("keytool.log");
    ProcessBuilder keytool =
        new ProcessBuilder(line)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(log.toFile()));
    try {
      if (keytool.start().waitFor() != 0) {
        throw new IOException("keytool failed, see " + log);
      }
    } catch (InterruptedException e) {
      throw Moment.interrupted(e);
    }
  }
}
