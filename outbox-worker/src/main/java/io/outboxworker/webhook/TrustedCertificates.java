package io.outboxworker.webhook;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Which certificate authorities an endpoint's certificate may come from. */
final class TrustedCertificates {
  private TrustedCertificates() {}

  /** The JVM's own authorities and those in the PEM file. */
  static SSLContext withFile(Path file) {
    try (InputStream pem = Files.newInputStream(file)) {
      Collection<? extends Certificate> added =
          CertificateFactory.getInstance("X.509").generateCertificates(pem);
      if (added.isEmpty()) {
        throw new IllegalArgumentException("CA file " + file + " holds no certificate");
      }
      return context(added);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "CA file %s can't be read as PEM certificates: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static SSLContext context(Collection<? extends Certificate> added)
      throws GeneralSecurityException, IOException {
    KeyStore all = KeyStore.getInstance(KeyStore.getDefaultType());
    all.load(null, null);
    int number = 0;
    for (TrustManager manager : managers(null)) {
      if (manager instanceof X509TrustManager x509) {
        for (X509Certificate certificate : x509.getAcceptedIssuers()) {
          all.setCertificateEntry("jvm-" + number++, certificate);
        }
      }
    }
    for (Certificate certificate : added) {
      all.setCertificateEntry("file-" + number++, certificate);
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers(all), null);
    return context;
  }

  private static TrustManager[] managers(@Nullable KeyStore trusted)
      throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    return factory.getTrustManagers();
  }
}
