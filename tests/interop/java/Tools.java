import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Kafka's command-line tools one after the other in one process, which saves the start of a machine for each.
 * A line in: a Base64 word for the input of the tool, then one for each of class and arguments. A line out: exit status, what it printed, what it printed as errors.
 */
public class Tools {
  /** Where the tools print to: they may hold on to System.out for ever, so what is behind it changes, not it. */
  static class Printed extends OutputStream {
    private ByteArrayOutputStream kept = new ByteArrayOutputStream();

    @Override public synchronized void write(int one) { kept.write(one); }

    @Override public synchronized void write(byte[] many, int from, int count) { kept.write(many, from, count); }

    synchronized byte[] take() {
      byte[] all = kept.toByteArray();
      kept = new ByteArrayOutputStream();
      return all;
    }
  }

  /** What a tool reads, for the same reason. */
  static class Given extends InputStream {
    volatile InputStream now = InputStream.nullInputStream();

    @Override public int read() throws IOException { return now.read(); }

    @Override public int read(byte[] into, int from, int count) throws IOException { return now.read(into, from, count); }

    @Override public int available() throws IOException { return now.available(); }
  }

  static class Ended extends RuntimeException {
    Ended() { super("exit", null, false, false); }
  }

  private static Integer status;
  /** What a tool wants to be done at its end: some close their producers only there. */
  private static final List<Runnable> hooks = new CopyOnWriteArrayList<>();

  /** Kafka's tools leave by Exit; some catch what that throws and leave once more, so the first status counts. */
  private static void leave(int wanted) {
    if (status == null) status = wanted;
    throw new Ended();
  }

  public static void main(String[] unused) {
    PrintStream answers = System.out;
    Scanner questions = new Scanner(System.in, StandardCharsets.US_ASCII);
    Printed printed = new Printed();
    Printed complained = new Printed();
    Given given = new Given();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
    System.setIn(given);
    Exit.setExitProcedure((wanted, message) -> leave(wanted));
    Exit.setHaltProcedure((wanted, message) -> leave(wanted));
    Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
    while (questions.hasNextLine()) {
      String[] words = questions.nextLine().split(" ");
      given.now = new ByteArrayInputStream(decoded(words[0]));
      String[] arguments = new String[words.length - 2];
      for (int i = 0; i < arguments.length; i++) arguments[i] = new String(decoded(words[i + 2]), StandardCharsets.UTF_8);
      status = null;
      run(new String(decoded(words[1]), StandardCharsets.UTF_8), arguments);
      hooks.forEach(Runnable::run);
      hooks.clear();
      System.out.flush();
      answers.println(status + " ." + Base64.getEncoder().encodeToString(printed.take()) + " ."
          + Base64.getEncoder().encodeToString(complained.take()));
      answers.flush();
    }
  }

  static byte[] decoded(String word) {
    return Base64.getDecoder().decode(word.substring(1));
  }

  static void run(String name, String[] arguments) {
    try {
      Class.forName(name).getMethod("main", String[].class).invoke(null, (Object) arguments);
      if (status == null) status = 0;
    } catch (ReflectiveOperationException thrown) {
      if (status == null) thrown.printStackTrace();
      if (status == null) status = 1;
    }
  }
}
