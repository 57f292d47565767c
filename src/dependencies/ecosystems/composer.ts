/**
 * @module
 * PHP's: Composer.
 */
import type { Ecosystem } from "../ecosystem.ts";

export const composer: Ecosystem = {
  id: "composer",
  languages: ["php"],
  extensions: [],
  // Programs look for `vendor` in their own folder, and nothing is put into one of its user's.
  commands: /^(?!)/,
  interpreter: "php",
  tool: { program: "composer", debian: "composer" },
  manifests: ["composer.json"],
  declares: requiresPackages,
  companions: /^composer\.lock$/,
  ownFolder: "vendor",
  registry: "https://repo.packagist.org/",
  fileHosts: ["packagist.org", "api.github.com", "codeload.github.com"],
  install: (registry, _files, place) => ({
    argv: [
      ...["sh", "-c", withExtensions, "sh"],
      ...["composer", "install", "--no-interaction", "--no-progress", "--no-dev"],
      // A project's own scripts are about files that are not here.
      ...["--prefer-dist", "--no-scripts"],
    ],
    env: {
      COMPOSER_HOME: "/workspace/.glovebox-composer",
      COMPOSER_CACHE_DIR: "/tmp/composer",
      COMPOSER_NO_AUDIT: "1",
    },
    files: place === "usual" ? {} : { ".glovebox-composer/config.json": onlyFrom(registry) },
    result: "vendor",
  }),
  path: "/workspace/vendor",
  env: { PHP_INI_SCAN_DIR: "/workspace/vendor/.glovebox-php" },
};

/**
 * Extensions that this machine has, and that load: which ones is written where sandboxes don't look, and
 * who is told that one is there must have it later, too.
 */
const withExtensions = `
ini=vendor/.glovebox-php
mkdir -p "$ini"
folder=$(php -n -r 'echo ini_get("extension_dir");')
for name in pdo mysqlnd xml $(cd "$folder" && ls | sed -n 's/\\.so$//p'); do
  case $name in opcache | xdebug) continue ;; esac
  [ -e "$folder/$name.so" ] || continue
  grep -qx "extension=$name" "$ini/extensions.ini" 2>/dev/null && continue
  said=$(PHP_INI_SCAN_DIR=$ini php -d display_startup_errors=1 -d "extension=$name" -r "" 2>&1)
  [ -n "$said" ] || echo "extension=$name" >>"$ini/extensions.ini"
done
export PHP_INI_SCAN_DIR=$ini
exec "$@"
`;

/** Besides PHP itself, and what is built into it. */
function requiresPackages(text: string): boolean {
  try {
    const { require = {} } = JSON.parse(text) as { readonly require?: unknown };
    // A text has a key for each of its letters.
    if (typeof require !== "object" || require === null) return true;
    return Object.keys(require).some((name) => name.includes("/"));
  } catch {
    return true;
  }
}

function onlyFrom(url: string): string {
  return JSON.stringify({
    repositories: [{ type: "composer", url }, { "packagist.org": false }],
    config: { "secure-http": url.startsWith("https:") },
  });
}
