import json, os, time
def train(trial):
    state = {"step": -1, "w": 1.0}
    trial.restore(lambda path: state.update(json.loads((path / "state.json").read_text())))
    for step in trial.steps():
        state["step"], state["w"] = step, state["w"] * (1.0 - trial["x"] / 10)
        if trial.max_steps > 2: time.sleep(float(os.environ.get("PAUSE", "0")))
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": state["w"]}, checkpoint=lambda path: (path / "state.json").write_text(json.dumps(state)))
