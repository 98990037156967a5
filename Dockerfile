# The worker alone: no demo, no PostgreSQL. Configuration comes by environment variables; README.md lists them.

FROM eclipse-temurin:25-jdk AS build
WORKDIR /src
COPY . .
RUN ./mvnw -q -Dmaven.test.skip=true -pl outbox-worker package

FROM eclipse-temurin:25-jre
WORKDIR /opt/outbox
COPY LICENSE ./
COPY --from=build /src/outbox /src/outbox-worker/target/outbox-worker.jar ./
COPY --from=build /src/outbox-worker/target/lib ./lib
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["/opt/outbox/outbox"]
CMD ["work"]
