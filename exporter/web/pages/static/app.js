// What needs a browser: light and dark, and renewing the page. Without it everything is there.

const REFRESH_MS = 5_000;
const HIDDEN_MS = 30_000;
// Nobody has looked for an hour: a forgotten tab asks no more.
const FORGOTTEN_MS = 3_600_000;

function startTheme() {
  const button = document.getElementById("theme");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const isDark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    const theme = isDark ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=strict`;
  });
}

startTheme();

// Where links in Alertmanager's own texts lead: the part after # reaches no server.
function followFragment() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const root = document.body.dataset.root;
  const parameters = query ? `?${query}` : "";
  if (path === "/silences/new") location.replace(`${root}silences/new${parameters}`);
  else if (path.startsWith("/silences")) location.replace(`${root}silences`);
  else if (path.startsWith("/alerts")) location.replace(`${root}alerts${parameters}`);
}

followFragment();
