package io.outboxworker.demo;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Random;

/**
 * An application like yours: it has tables of its own, and publishes each event in the very
 * transaction that it tells about.
 */
final class Shop implements AutoCloseable {
  private static final String CHECK_VIOLATION = "23514";
  private static final List<String> CUSTOMERS = List.of("Ada", "Bo", "Chi", "Dora", "Elif", "Finn");

  private final Connection connection;
  private final Screen screen;
  private final Random random = new Random();
  private int ticks;

  /** Makes the tables; from now on the connection is the shop's. */
  Shop(Connection connection, Screen screen) throws SQLException {
    this.connection = connection;
    this.screen = screen;
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          create table stock (product text primary key, quantity int not null check (quantity >= 0));
          insert into stock values ('olive oil', 1000000);
          create table orders (
            id int generated always as identity primary key, tenant_id uuid not null,
            customer text not null, items int not null, amount numeric(12, 2) not null);
          create table invoices (
            id int generated always as identity primary key, order_id int not null references orders,
            amount numeric(12, 2) not null);
          create table payments (
            id int generated always as identity primary key, invoice_id int not null references invoices,
            amount numeric(12, 2) not null)
          """);
    }
    connection.commit();
  }

  /** Runs the next business transaction of an endless day; one of seven is rolled back. */
  void tick() throws SQLException {
    switch (ticks++ % 7) {
      case 0 -> order(Tenant.ACME, 1 + random.nextInt(9));
      case 1 -> order(Tenant.GLOBEX, 1 + random.nextInt(9));
      case 2 -> invoice(Tenant.ACME);
      case 3 -> invoice(Tenant.GLOBEX);
      case 4 -> pay(Tenant.ACME);
      case 5 -> orderMoreThanThereIs(Tenant.ACME);
      default -> pay(Tenant.GLOBEX);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }

  private void orderMoreThanThereIs(Tenant tenant) throws SQLException {
    try {
      order(tenant, 2_000_000);
    } catch (SQLException e) {
      if (!CHECK_VIOLATION.equals(e.getSQLState())) {
        throw e;
      }
      connection.rollback();
      screen.rolledBack("sales_order.created", tenant);
    }
  }

  private void order(Tenant tenant, int items) throws SQLException {
    String customer = CUSTOMERS.get(random.nextInt(CUSTOMERS.size()));
    BigDecimal amount = new BigDecimal("12.50").multiply(BigDecimal.valueOf(items));
    int id =
        insert(
            "insert into orders (tenant_id, customer, items, amount) values (?, ?, ?, ?) returning"
                + " id",
            tenant.id(),
            customer,
            items,
            amount);
    publish(
        """
        select webhooks.trigger_sales_order_created(tenant_id => ?, order_id => ?, order_number => ?,
          customer_name => ?, amount => ?, currency => 'EUR', items_count => ?)
        """,
        tenant.id(),
        "ord-" + id,
        "SO-%04d".formatted(id),
        customer,
        amount,
        items);
    // After the event, on purpose: where the stock does not suffice, both are undone.
    try (PreparedStatement take =
        prepared("update stock set quantity = quantity - ? where product = 'olive oil'", items)) {
      take.executeUpdate();
    }
    connection.commit();
  }

  private void invoice(Tenant tenant) throws SQLException {
    int id =
        insert(
            """
            insert into invoices (order_id, amount)
            select id, amount from orders where tenant_id = ? order by id desc limit 1 returning id
            """,
            tenant.id());
    publish(
        """
        select webhooks.trigger_invoice_created(tenant_id => ?, invoice_id => 'inv-' || id,
          invoice_number => to_char(id, '"A-"FM0000'), amount => amount, currency => 'EUR', status => 'open')
        from invoices where id = ?
        """,
        tenant.id(),
        id);
    connection.commit();
  }

  private void pay(Tenant tenant) throws SQLException {
    int id =
        insert(
            """
            insert into payments (invoice_id, amount)
            select i.id, i.amount from invoices i join orders o on o.id = i.order_id
            where o.tenant_id = ? order by i.id desc limit 1 returning id
            """,
            tenant.id());
    publish(
        """
        select webhooks.trigger_payment_received(tenant_id => ?, payment_id => 'pay-' || id,
          invoice_id => 'inv-' || invoice_id, amount => amount, currency => 'EUR', payment_method => 'card')
        from payments where id = ?
        """,
        tenant.id(),
        id);
    connection.commit();
  }

  private int insert(String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = prepared(sql, values);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getInt(1);
    }
  }

  private void publish(String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = prepared(sql, values)) {
      statement.execute();
    }
  }

  private PreparedStatement prepared(String sql, Object... values) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int i = 0; i < values.length; i++) {
      statement.setObject(i + 1, values[i]);
    }
    return statement;
  }
}
