// A sentence is a template and what fills its gaps; so it can be said in either language.
// The template in English is also its key in CHINESE (chinese.js).

class Sentence {
  constructor(template, parts) {
    this.template = template;
    this.parts = parts;
  }

  in(words) {
    const template = words?.get(this.template) ?? this.template;
    return template.replace(/\{(\d)\}/g, (_, number) => {
      const part = this.parts[Number(number)];
      return part instanceof Sentence ? part.in(words) : String(part);
    });
  }
}

function say(template, ...parts) {
  return new Sentence(template, parts);
}

// A problem as part of a sentence, without what to do about it.
function why(problem) {
  return say("{0}: {1}", problem.what, problem.why);
}
