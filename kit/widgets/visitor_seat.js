// A frame on a site, with the little that a browser has around a page.
//
// The frame is of another origin: no script may ask it where it is, send it back, or load it again. So the
// kernel, which passes its requests on, says which page it was given; from that come the line with the path,
// and what Back and Reload lead to. The site's pages need no scripts, and get none.

const GONE = "The kernel has ended, and the site with it: run the notebook's setup cell, then this one again.";
const WAITING = "Waiting for the kernel.";

function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export default {
  render({ model, el, signal }) {
    let address = "";
    const visited = []; // paths; the last one is shown

    const button = (text) => make("button", { type: "button", textContent: text, disabled: true });
    const [home, back, reload] = ["Home", "Back", "Reload"].map(button);
    const tab = make("a", { target: "_blank", rel: "noopener noreferrer", textContent: "Open in a tab", hidden: true });
    const where = make("output", { className: "kw-where", ariaLabel: "The page that is shown" });
    const notice = make("p", { className: "kw-notice", role: "status" });
    const frame = make("iframe", { title: "The visitor's seat", referrerPolicy: "no-referrer" });
    frame.setAttribute("sandbox", "allow-forms");
    const bar = make("div", { className: "kw-bar", role: "group", ariaLabel: "The visitor's seat" });
    for (const each of [home, back, reload, tab]) each.dataset.lmSuppressShortcuts = "";
    bar.append(home, back, reload, where, tab);
    el.classList.add("kw-seat");
    el.append(bar, notice, make("div", { className: "kw-frame" }, frame));

    function leave() {
      for (const each of [home, back, reload]) each.disabled = true;
      tab.hidden = true;
      notice.textContent = GONE; // what the frame shows stays
    }
    const answers = () => fetch(address, { method: "HEAD", mode: "no-cors", cache: "no-store" }).then(() => true, () => false);

    async function go(path) {
      // Asked first: a frame that is sent where nobody answers loses the page that it shows.
      if (await answers()) frame.contentWindow.location.replace(address + path);
      else leave();
    }
    // A kernel that was shut down says nothing: what shows it is a link in the frame that leads nowhere.
    frame.addEventListener("load", async () => {
      if (address && !(await answers())) leave();
    });
    home.addEventListener("click", () => go("/"));
    reload.addEventListener("click", () => go(visited.at(-1)));
    back.addEventListener("click", () => {
      visited.pop();
      go(visited.at(-1));
    });

    function hear(message) {
      if (message.missing) notice.textContent = message.missing;
      if (message.address && message.address !== address) {
        address = message.address;
        notice.textContent = "";
        // Below the page's own address, on a hub, only who has its cookies gets in. A frame of another origin
        // sends none with a link that is followed in it; scripts it has none in either case.
        if (address.startsWith("/") || new URL(address).origin === location.origin) {
          frame.setAttribute("sandbox", "allow-forms allow-same-origin");
        }
        frame.title = `The visitor's seat: ${message.site}`;
        frame.src = `${address}/`;
        home.disabled = reload.disabled = tab.hidden = false;
      }
      if (message.path) {
        if (message.path !== visited.at(-1)) visited.push(message.path);
        back.disabled = visited.length < 2;
        where.textContent = `${message.status}  ${message.path}`;
        tab.href = address + message.path;
      }
    }
    model.on("msg:custom", hear);
    // Only ever set when a model is made, which was before, and when its kernel has gone.
    model.on("comm_live_update", leave);
    signal.addEventListener("abort", () => {
      model.off("msg:custom", hear);
      model.off("comm_live_update", leave);
    });
    notice.textContent = WAITING;
    model.send({ sits: true });
  },
};
