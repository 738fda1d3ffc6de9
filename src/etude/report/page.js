// Draws each chart into its figure, one after the other, in the page's own colours (CSS variables).
(async () => {
  const { config, charts } = JSON.parse(document.getElementById("charts").textContent);
  const options = { mode: "vega-lite", renderer: "svg", actions: false, config };
  for (const place of document.querySelectorAll("[data-chart]")) {
    try {
      await vegaEmbed(place, charts[place.dataset.chart], options);
    } catch (error) {
      place.dataset.failed = "";
      console.error(error);
    }
  }
  document.documentElement.dataset.drawn = "";
})();

// Paper cannot be unfolded.
for (const [event, open] of [["beforeprint", true], ["afterprint", false]]) {
  addEventListener(event, () => document.querySelectorAll(".more").forEach((one) => { one.open = open; }));
}
