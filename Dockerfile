# The worker alone: no demo, no PostgreSQL, and of Java what it uses. Configuration comes by environment variables;
# README.md lists them. It writes to /tmp only, so its root file system can be read-only.

FROM eclipse-temurin:25-jdk AS build
WORKDIR /src
COPY . .
RUN ./mvnw -q -Dmaven.test.skip=true -pl outbox-worker package
# A test holds these modules against what the jars need; jdk.jcmd is for whoever has to look into a running worker.
RUN jlink --generate-cds-archive --strip-debug --no-header-files --no-man-pages --compress zip-6 --output /opt/jre --add-modules \
  java.base,java.desktop,java.management,java.naming,java.net.http,java.security.jgss,java.sql,jdk.httpserver,jdk.jcmd,jdk.jfr,jdk.management,jdk.net,jdk.unsupported

FROM debian:bookworm-slim
WORKDIR /opt/outbox
ENV OUTBOX_JAVA_HOME=/opt/jre
COPY --from=build /opt/jre /opt/jre
COPY LICENSE ./
COPY --from=build /src/outbox /src/outbox-worker/target/outbox-worker.jar ./
COPY --from=build /src/outbox-worker/target/lib ./lib
# Starts need a fifth less CPU time with it: docs/operations.md, section "Start faster".
RUN ./outbox archive
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["/opt/outbox/outbox"]
CMD ["work"]
