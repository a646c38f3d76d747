"""The shape of the smallest volumes, and a few sentences."""

SHAPE = (4, 16, 16)
SENTENCES = ["在左侧额叶表现为斑片状长信号", "在右侧丘脑表现为点状高信号", "在双侧侧脑室旁白质表现为多发斑点状高信号"]
