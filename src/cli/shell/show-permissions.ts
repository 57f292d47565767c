/**
 * @module
 * `permissions` in a shell: what was answered for good about the current folder.
 */
import { invalidRequest } from "../../core/errors.ts";
import { openRuleStore } from "../../permissions/rule-store.ts";
import { showName } from "../../permissions/show-untrusted.ts";
import { writeText, type Streams } from "../../shell/streams.ts";
import { canonicalPath } from "../../util/canonical-path.ts";
import { requireStateFolder } from "../permission-place.ts";
import { formatRules } from "../permissions-format.ts";
import { painterFor, printNote } from "../print.ts";

/** @throws {GloveboxError} */
export async function showPermissions(
  words: readonly string[],
  { stdout }: Streams,
): Promise<number> {
  const [command = "list", ...ids] = words;
  if (command === "revoke") {
    const { revokePermissions } = await import("../permissions-work.ts");
    return revokePermissions(ids, {});
  }
  if (command !== "list" || ids.length > 0) {
    throw invalidRequest(
      "permissions",
      `\`${words.join(" ")}\`: write \`permissions\`, \`permissions list\` or \`permissions revoke ID…\`. \`glovebox permissions\` can do more.`,
    );
  }
  const project = canonicalPath(process.cwd());
  const rules = await openRuleStore(requireStateFolder(process.env), project).read();
  if (rules.length === 0) printNote(`there is no rule for ${showName(project)}`);
  else await writeText(stdout, formatRules(rules, painterFor(stdout as never, process.env)));
  return 0;
}
