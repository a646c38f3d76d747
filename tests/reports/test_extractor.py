import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
from jinja2 import TemplateError

from selip_core.datasets.cohort import load_cohort
from selip_core.datasets.findings import describe_cohort, read_findings
from selip_core.errors import SelipError
from selip_core.extract import main
from selip_core.reports.chat_models import ExtractionError, LocalModel, ServerModel, _templated
from selip_core.reports.extractor import Extracted, agreement, by_rules, extract_reports, read_answer
from selip_core.reports.sentences import NORMAL_STATEMENT, Finding, canonical_sentence, parse_sentence
from tests.helpers.cohort_files import write

REPORT = "左侧额叶见片状长T1长T2信号影。"
GOOD = {"normal": False, "findings": {"T2": [{"site": "左侧额叶", "appearance": "片状长信号"}]}}
FOUND = {"T2": [Finding("左侧额叶", "片状长信号")]}


class _Server(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body, self.headers.get("Authorization")))
        answer = self.server.answers[min(len(self.server.asked), len(self.server.answers)) - 1]
        if isinstance(answer, int):
            self.send_response(answer)
            self.end_headers()
            return
        if answer == "hang":
            time.sleep(1.5)
            return
        self.send_response(200)
        self.end_headers()
        if answer == "endless":
            try:
                for _ in range(12):  # MB
                    self.wfile.write(b" " * 1_000_000)
            except OSError:
                pass
            return
        if answer == "trickle":
            for _ in range(30):
                try:
                    self.wfile.write(b" ")
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(0.05)
            return
        reply = {"choices": [{"message": {"content": answer}}]} if not str(answer).startswith("raw ") else None
        self.wfile.write(json.dumps(reply).encode() if reply else answer[4:].encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    served = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    served.asked, served.answers = [], [json.dumps(GOOD, ensure_ascii=False)]
    served.daemon_threads = True
    threading.Thread(target=served.serve_forever, daemon=True).start()
    served.url = f"http://127.0.0.1:{served.server_port}/v1"
    yield served
    served.shutdown()
    served.server_close()


def _read(server, tmp_path, reports=(REPORT,), **options):
    model = ServerModel(server.url, "tiny", timeout_s=options.pop("timeout_s", 5))
    return extract_reports(list(reports), model, tmp_path / "answers", progress=False, **options)


def test_a_good_answer_is_read_once_and_kept(server, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("no_proxy", "")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    for _ in range(2):
        read, told = _read(server, tmp_path)
        assert read[0].by_sequence() == FOUND and told.to_numpy().tolist() == [["tiny", ""]]
    ((path, body, key),) = server.asked
    assert path == "/v1/chat/completions" and key is None
    assert body["model"] == "tiny" and body["temperature"] == 0 and body["messages"][1]["content"] == REPORT
    assert not any(REPORT in file.read_text(encoding="utf-8") for file in (tmp_path / "answers").iterdir())


def test_a_key_is_sent_only_where_its_variable_is_named(server, monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret")
    ServerModel(server.url, "tiny", key_variable="MY_KEY").answer([{"role": "user", "content": REPORT}])
    assert server.asked[0][2] == "Bearer secret"
    monkeypatch.delenv("MY_KEY")
    with pytest.raises(SelipError, match="--key-variable MY_KEY"):
        ServerModel(server.url, "tiny", key_variable="MY_KEY")


@pytest.mark.parametrize("bad", ["I cannot do that", '{"findings": {"T2": [{"site": "左侧', '{"findings": {"CT": []}}'])
def test_a_bad_answer_is_asked_for_again_with_what_was_wrong(server, tmp_path, bad):
    server.answers = [bad, json.dumps(GOOD)]
    read, told = _read(server, tmp_path)
    assert read[0].by_sequence() == FOUND and told["extractor"].tolist() == ["tiny"]
    assert len(server.asked) == 2 and "不是符合要求的JSON" in server.asked[1][1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("answers", "reason", "asked"),
    [
        (["nothing"], "no JSON", 3),
        (['{"findings": {"T2": [{"site": "左'], "half a JSON", 3),
        (['{"findings": {"T2": [{"site": ""}]}}'], "invalid JSON", 3),
        (['{"findings": {"T2": [{"site": "a，b", "appearance": "c"}]}}'], "invalid JSON", 3),
        ([json.dumps({**GOOD, "normal": True})], "invalid JSON: normal with findings", 3),
        ([500], "server error 500", 1),
        (["raw not json"], "no chat completion", 1),
        (["raw " + "[" * 200_000], "no chat completion", 1),
        ([None], "no text in the reply", 1),
        ([[{"type": "text", "text": "{}"}]], "no text in the reply", 1),
        (['{"findings": ' + "[" * 200_000], "invalid JSON: nested too deep", 3),
        (["hang"], "time-out", 1),
        (["trickle"], "time-out", 1),
    ],
)
def test_where_the_model_fails_the_rules_stand_in_and_the_reason_is_told(server, tmp_path, answers, reason, asked):
    server.answers = answers
    read, told = _read(server, tmp_path, timeout_s=0.3 if reason == "time-out" else 20)
    assert read[0] == by_rules(REPORT) and read[0].by_sequence()["T1"]
    assert told["extractor"].tolist() == ["rules"] and told["reason"].iloc[0].startswith(reason)
    assert len(server.asked) == asked and REPORT not in told["reason"].iloc[0]


def test_a_reply_without_end_is_cut_off(server, tmp_path):
    server.answers = ["endless"]
    _, told = _read(server, tmp_path, timeout_s=30)
    assert told["reason"].tolist() == ["reply too long"]


def test_a_server_that_is_away_is_given_up_and_asked_again_next_time(server, tmp_path):
    reports = [f"{REPORT}{i}" for i in range(8)]
    server.answers = [503]
    _, told = _read(server, tmp_path, reports)
    assert len(server.asked) == 5 and told["reason"].iloc[-1] == "not asked: the server failed 5 times in a row"
    server.answers = [json.dumps(GOOD)]
    _, told = _read(server, tmp_path, reports)
    assert told["extractor"].tolist() == ["tiny"] * 8
    away = ServerModel("http://127.0.0.1:9/v1", "tiny", timeout_s=2)
    _, told = extract_reports([REPORT], away, tmp_path / "other", progress=False)
    assert told["reason"].tolist() == ["server not reachable"]


def test_a_damaged_kept_answer_is_asked_for_again(server, tmp_path):
    _read(server, tmp_path)
    (kept,) = (tmp_path / "answers").iterdir()
    kept.write_text('{"findings": {"T2": [{"site": 1}]}}')
    read, _ = _read(server, tmp_path)
    assert read[0].by_sequence() == FOUND and len(server.asked) == 2


@pytest.mark.parametrize(
    "around", ["{}", "```json\n{}\n```", "<think>{{not this}}</think>\n{}", "Here it is: {} I hope",
               "As {{site}} and {{look: {{x}}}} say: {}", "Not just {{}} but {}"]
)  # fmt: skip
def test_words_around_the_object_are_passed_over(around):
    assert read_answer(around.format(json.dumps(GOOD))).by_sequence() == FOUND


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ('<think>perhaps {"normal": true, "findings": {}}', "thoughts had no end"),
        ('{"normal": false, "findings": {}', "half a JSON"),
        ('{"normal": false, "findings": {},}', "no JSON"),
        ("} nothing {here}", "no JSON"),
        ("{}", "no JSON"),  # neither normal nor findings: it would be taken for a report without any
    ],
)
def test_a_part_of_a_broken_answer_is_not_taken_for_the_answer(answer, reason):
    with pytest.raises(ExtractionError, match=reason):
        read_answer(answer)


@pytest.mark.parametrize("address", ["localhost:8000", "http://[::1/v1", "http://localhost:port/v1"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(SelipError, match="is no address"):
        ServerModel(address, "tiny")


@pytest.fixture
def local(tmp_path):
    from transformers import GPT2Config, GPT2LMHeadModel

    from selip_core.encoders.text import character_tokenizer

    tokenizer = character_tokenizer([REPORT])
    config = GPT2Config(vocab_size=len(tokenizer), n_embd=16, n_layer=1, n_head=2, n_positions=2048)
    GPT2LMHeadModel(config).save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    return str(tmp_path / "model")


def test_a_local_model_answers_and_what_it_babbles_is_not_believed(local, tmp_path):
    model = LocalModel(local, max_new_tokens=4)
    assert isinstance(model.answer([{"role": "user", "content": REPORT}]), str)
    read, told = extract_reports([REPORT], model, tmp_path / "answers", attempts=1, progress=False)
    assert told["extractor"].tolist() == ["rules"] and read[0] == by_rules(REPORT)
    with pytest.raises(SelipError, match="could not be loaded"):
        LocalModel(str(tmp_path / "nowhere"))


def test_a_local_model_ends_at_its_time_out(local):
    """Of 1,500 tokens that it may write it has written few when the time is over."""
    message = [{"role": "user", "content": REPORT}]
    endless = LocalModel(local, max_new_tokens=1500, timeout_s=1e-6)
    endless._model.generation_config.eos_token_id = None
    assert len(endless.answer(message)) < 20


def test_a_local_model_that_fails_at_a_report_is_told_with_the_reason(local, tmp_path):
    model = LocalModel(local, max_new_tokens=4)
    read, told = extract_reports([REPORT * 200], model, tmp_path / "answers", progress=False)  # 2048 positions
    assert told["reason"].iloc[0].startswith("local model failed: ") and read[0] == by_rules(REPORT * 200)


@pytest.mark.parametrize("error", [AssertionError("no CUDA"), RuntimeError("CUDA error: out of memory")])
def test_a_device_that_is_missing_or_full_is_told(local, monkeypatch, error):
    from transformers import GPT2LMHeadModel

    def to(*_):
        raise error

    monkeypatch.setattr(GPT2LMHeadModel, "to", to)
    with pytest.raises(SelipError, match=f"could not be loaded on cuda .*{error}"):
        LocalModel(local, device="cuda")


def test_weights_that_are_pickled_are_refused(local):
    import torch
    from safetensors.torch import load_file

    weights = Path(local) / "model.safetensors"
    torch.save(load_file(weights), weights.with_name("pytorch_model.bin"))
    weights.unlink()
    with pytest.raises(SelipError, match="could not be loaded"):
        LocalModel(local)


def test_agreement_counts_statements():
    one = {"T2": [Finding("a", "b"), Finding("c", "d")]}
    other = {"T2": [Finding("a", "b")], "DWI": [Finding("a", "x")]}
    table = agreement([one, {}], [other, {}]).set_index("sequence")
    assert table.loc["T2", ["both", "first_only", "second_only"]].tolist() == [1, 1, 0]
    assert table.loc["all", "agreement"] == pytest.approx(2 * 1 / (2 * 1 + 1 + 1))
    assert table.loc["DWI", "agreement"] == 0
    assert agreement([{}], [{}])["agreement"].isna().all()


def test_normal_and_empty_answers_differ():
    assert read_answer('{"normal": true, "findings": {}}').normal
    assert not by_rules("左侧额叶梗死灶。").normal and by_rules("脑实质未见异常。").normal
    with pytest.raises(ExtractionError, match="invalid JSON"):
        read_answer('{"normal": "perhaps"}')
    assert Extracted().by_sequence() == {}


@pytest.fixture
def cohort(tmp_path):
    import nibabel as nib
    import numpy as np

    folder = tmp_path / "mine"
    folder.mkdir()
    lines, reports = ["patient_id,sequence,path"], ["patient_id,findings"]
    for patient, text in (("1", REPORT), ("2", "脑实质未见异常。"), ("3", "请结合临床。")):
        nib.save(nib.Nifti1Image(np.ones((8, 8, 8), np.float32), np.eye(4)), folder / f"{patient}.nii.gz")
        lines += [f"{patient},T1,{patient}.nii.gz"]
        reports += [f"{patient},{text}"]
    (folder / "series.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "reports.csv").write_text("\n".join(reports), encoding="utf-8")
    return folder


def test_a_cohorts_reports_are_read_into_its_table_and_used(server, cohort):
    from selip_core.datasets.cohort import load_cohort

    answers = [{"findings": {"T1": [{"site": "右侧顶叶", "appearance": "点状短信号"}]}}, {"normal": True}, {"findings": {}}]
    server.answers = [json.dumps(answer) for answer in answers]
    assert main([str(cohort), "--server", server.url, "--model", "tiny"]) == 0
    table = pd.read_csv(cohort / "findings.csv", keep_default_na=False)
    assert table["sequence"].tolist() == ["T1", "normal", "none"] and set(table["extractor"]) == {"tiny"}
    loaded = load_cohort(cohort)
    sentences = describe_cohort(loaded.reports, loaded.series, extracted=read_findings(loaded), progress=False)
    assert sentences["sentence"].tolist() == ["在右侧顶叶表现为点状短信号", NORMAL_STATEMENT]


def test_reports_that_the_rules_stood_in_for_are_read_with_their_impression(server, cohort):
    from selip_core.datasets.cohort import load_cohort

    rows = ["patient_id,findings,impression", "1,脑室系统大小正常。,颅脑MRI平扫未见异常。"]
    rows += [f"{patient},请结合临床。," for patient in "23"]
    (cohort / "reports.csv").write_text("\n".join(rows), encoding="utf-8")
    server.answers = ["babble"] * 3 + [json.dumps({"findings": {}})]
    assert main([str(cohort), "--server", server.url, "--model", "tiny"]) == 3
    table = pd.read_csv(cohort / "findings.csv", keep_default_na=False)
    assert table["extractor"].tolist() == ["rules", "tiny", "tiny"] and table["reason"].iloc[0] == "no JSON"
    loaded = load_cohort(cohort)
    extracted = read_findings(loaded)
    assert len(extracted) == 2
    sentences = describe_cohort(loaded.reports, loaded.series, extracted=extracted, progress=False)
    assert sentences["sentence"].tolist() == [NORMAL_STATEMENT]


def test_the_commands_status_can_be_trusted(server, cohort, capsys):
    server.answers = [500]
    assert main([str(cohort), "--server", server.url, "--model", "tiny"]) == 3
    assert "3 × server error 500" in capsys.readouterr().out
    assert main([str(cohort), "--server", server.url]) == 2
    assert main([str(cohort), "--server", "nonsense", "--model", "x"]) == 1
    assert main([str(cohort), "--server", server.url, "--model", "x", "--key-variable", "NO_SUCH_KEY"]) == 1
    assert main([str(cohort), "--local", "x", "--key-variable", "NO_SUCH_KEY"]) == 2
    assert main([str(cohort / "none"), "--local", "x"]) == 1
    (cohort / "findings.csv").write_text("study_id,sequence,site,appearance\n1,CT,a,b\n")
    from selip_core.datasets.cohort import load_cohort

    with pytest.raises(SelipError, match="findings.csv line 2: 'CT'"):
        read_findings(load_cohort(cohort))


def test_an_answer_is_brought_to_words_that_a_sentence_can_hold():
    found = read_answer('{"findings": {"T2": [{"site": " 左侧 额叶", "appearance": "片状\\n长信号"}]}}').by_sequence()["T2"]
    assert parse_sentence(canonical_sentence(found)) == found == [Finding("左侧额叶", "片状长信号")]
    with pytest.raises(ExtractionError, match="invalid JSON"):
        read_answer('{"findings": {"T2": [{"site": "left frontal lobe", "appearance": "高信号"}]}}')


def test_a_side_that_a_model_cut_short_is_whole_in_what_is_trained_on(tmp_path):
    cohort = load_cohort(write(tmp_path))
    (tmp_path / "findings.csv").write_text("study_id,sequence,site,appearance\n001,T2,左额叶,高信号\n")
    assert read_findings(cohort)["001"][1]["T2"] == [Finding("左侧额叶", "高信号")]
    answer = read_answer('{"findings": {"T2": [{"site": "左额叶", "appearance": "高信号"}]}}')
    assert answer.by_sequence()["T2"] == [Finding("左侧额叶", "高信号")]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("x,1,T2,左额叶,高信号", "line 2: study '1' has no report in reports.csv"),  # 001 opened in a spreadsheet
        ("001,,none,,\n001,,normal,,\n001,,T2,左额叶,高信号", "line 4: study 001 is normal and has findings"),
    ],
)
def test_what_a_table_of_findings_contradicts_is_told(tmp_path, rows, said):
    cohort = load_cohort(write(tmp_path))
    (tmp_path / "findings.csv").write_text(f"patient_id,study_id,sequence,site,appearance\n{rows}\n", encoding="utf-8")
    with pytest.raises(SelipError, match=said):
        read_findings(cohort)
    (tmp_path / "findings.csv").write_text("patient_id,study_id,sequence,site,appearance\n001,,normal,,\n")
    assert read_findings(cohort) == {"001": (True, {})}  # the patient stands for a study without an id


def test_a_finding_that_no_sentence_can_hold_is_refused_with_its_line(tmp_path):
    cohort = load_cohort(write(tmp_path))
    (tmp_path / "findings.csv").write_text("study_id,sequence,site,appearance\n001,T2,left frontal,高信号\n")
    with pytest.raises(SelipError, match="findings.csv line 2: 'T2' needs site and appearance without commas"):
        read_findings(cohort)


def test_thoughts_that_the_prompt_has_opened_are_no_answer():
    draft = '{"normal": false, "findings": {"T1": [{"site": "左侧额叶", "appearance": "长信号"}]}}'
    assert read_answer(f'as in {draft} …</think>{{"normal": true}}').normal


def test_an_answer_that_names_a_sequence_twice_is_asked_for_again():
    one = '"T1": [{"site": "左侧额叶", "appearance": "长信号"}]'
    with pytest.raises(ExtractionError, match="invalid JSON: a key twice"):
        read_answer(f'{{"findings": {{{one}, {one}}}}}')


def test_a_template_without_a_system_role_has_the_user_say_it():
    class Tokenizer:
        def apply_chat_template(self, messages, **_):
            if messages[0]["role"] == "system":
                raise TemplateError("System role not supported")
            return messages[0]["content"]

    told = [{"role": "system", "content": "rules"}, {"role": "user", "content": "report"}]
    assert _templated(Tokenizer(), told) == "rules\n\nreport"
