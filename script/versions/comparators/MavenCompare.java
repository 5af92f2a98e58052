import java.io.BufferedReader;
import java.io.InputStreamReader;
import org.apache.maven.artifact.versioning.ComparableVersion;

/** Asks Maven's ComparableVersion. Reads {@code a<TAB>b} lines, prints {@code <}, {@code =} or {@code >} for each. */
public class MavenCompare {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        StringBuilder out = new StringBuilder();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] pair = line.split("\t", -1);
            int order = new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]));
            out.append(order < 0 ? "<" : order > 0 ? ">" : "=").append('\n');
        }
        System.out.print(out);
    }
}
