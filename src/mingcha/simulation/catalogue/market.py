"""市场监督管理局: registration, credit, inspections, complaints, food, products, equipment, advertising."""

from .grammar import Dataset, Events, Own, Periodic, Register, Whom, columns

FOOD = ("catering", "food_retail", "food_making")
BUREAU = "云汀市市场监督管理局"

DATASETS = (
    Dataset(
        "business_registration", "市场主体登记基本信息", BUREAU + "（登记注册科）", Register(),
        columns("""
            entity_no      主体身份代码      no ZT
            uscc           统一社会信用代码   uscc
            legacy15       原注册号          legacy15
            name           名称              name
            kind           主体类型          kind
            representative 法定代表人（经营者） representative secret=1
            address        住所（经营场所）  address
            district       所在区县          district
            division       行政区划代码      division
            industry       行业门类          sector
            scope          经营范围          scope
            capital        注册资本（万元）  capital
            capital_form   出资方式          capital_form
            agent          登记代理机构      agent
            phone          联系电话          phone secret=1
            latitude       纬度              latitude
            longitude      经度              longitude
            status         登记状态          status
            opened_on      成立日期          opened_on
            closed_on      注销吊销日期      closed_on
        """),
        law="市场主体登记管理条例", article="37", domain="登记注册", event="opened_on",
        purpose="市场主体名录和基本情况，一户一档的底册",
        categories={"capital_form": 5, "industry": 14, "kind": 4, "district": 10}, measures=("capital",),
        peers=("address", "representative", "agent"), families=("state", "peers"),
        rules=(("some_code", "uscc IS NOT NULL OR legacy15 IS NOT NULL",
                "信用代码与注册号均为空 / neither a credit code nor a registration number"),
               ("closed_after_opened", "closed_on IS NULL OR closed_on >= opened_on",
                "注销日期早于成立日期 / closed before it was established")),
        datum="GCJ-02",
    ),
    Dataset(
        "registration_changes", "市场主体变更登记信息", BUREAU + "（登记注册科）",
        Own("registration_changes"),
        columns("""
            change_no      变更编号          no BG
            uscc           统一社会信用代码   uscc
            item           变更事项          made string
            before         变更前            made string
            after          变更后            made string
            approved_on    核准日期          date
        """),
        law="市场主体登记管理条例", article="24", domain="登记注册", purpose="变更事项的时间与前后内容",
        conditions={"representative": "item = '法定代表人'", "address": "item = '住所'"}, categories={"item": 5},
    ),
    Dataset(
        "annual_reports", "市场主体年度报告公示信息", BUREAU + "（信用监管科）", Own("annual_reports"),
        columns("""
            uscc           统一社会信用代码   uscc
            name           名称              name
            report_year    报告年度          made integer
            due_on         应报截止日        made date
            submitted_on   报送日期          date
            on_time        是否按期          made string
            staff          从业人数          staff
            revenue        营业总收入（万元） money 180 1.4 null=0.25
            assets         资产总额（万元）  money 220 1.4 null=0.25
            phone          联系电话          phone secret=1
        """),
        law="企业信息公示暂行条例", article="8", domain="信用监管", key=("uscc", "report_year"),
        purpose="年报是否按期报送及主要数据",
        conditions={"late": "on_time = '否'"}, direction={"late": "up"}, measures=("staff", "revenue"),
    ),
    Dataset(
        "abnormal_operations", "经营异常名录", BUREAU + "（信用监管科）", Own("abnormal_operations"),
        columns("""
            list_no        列入决定书号      no YC
            uscc           统一社会信用代码   uscc
            name           名称              name
            reason         列入原因          made string
            listed_on      列入日期          date
            removed_on     移出日期          after 30 700 0.45
            authority      作出决定机关      station
        """),
        law="企业信息公示暂行条例", article="17", domain="信用监管", purpose="列入、移出经营异常名录的情况",
        categories={"reason": 4}, direction={"count": "up"},
        rules=(("removed_after_listed", "removed_on IS NULL OR removed_on >= listed_on",
                "移出日期早于列入日期 / removed before it was listed"),),
    ),
    Dataset(
        "seriously_dishonest", "严重违法失信名单", BUREAU + "（信用监管科）", Events(0.0015, lean=1.0),
        columns("""
            decision_no    决定书号          no SX
            uscc           统一社会信用代码   uscc
            name           名称              name
            reason         列入事由          choice 食品安全=4 虚假广告=2 提供虚假材料登记=3 拒不履行处罚=2
            listed_on      列入日期          date
            until          公示截止日        after 1095 1095
        """),
        law="优化营商环境条例", article="56", domain="信用监管", purpose="严重违法失信名单", format="xlsx",
    ),
    Dataset(
        "spot_inspections", "双随机抽查检查结果", BUREAU + "（综合监管科）", Own("spot_inspections"),
        columns("""
            task_no        任务编号          no RW
            uscc           统一社会信用代码   uscc
            name           名称              name
            representative 法定代表人（经营者） representative secret=1
            address        检查地点          address
            latitude       定位纬度          latitude null=0.02
            longitude      定位经度          longitude null=0.02
            plan_no        抽查计划编号      made string
            cause          检查来源          made string
            stratum        抽样层            made string
            pi             入样概率          made number
            inspected_on   检查日期          date
            inspectors     检查人员编号      made array
            station        检查人员所属单位  made string
            item           抽查事项          choice 登记事项检查=3 公示信息检查=3 食品经营检查=3 价格行为检查=1 \
                产品质量检查=2
            result         检查结果          made string
            problems       发现问题数        made integer
            critical       其中关键项        made integer
            published_on   公示日期          known 3 20
        """),
        law="优化营商环境条例", article="54", domain="综合监管", purpose="双随机抽查和因投诉举报开展的检查及其结果",
        conditions={"found": "result <> '未发现问题'"}, measures=("problems", "critical"),
        peers=("address", "representative"), families=("count", "rate", "recency", "peers", "neighbours"),
    ),
    Dataset(
        "complaints", "投诉举报登记信息", BUREAU + "（12315 投诉举报中心）", Own("complaints"),
        columns("""
            complaint_no   登记编号          no TS
            uscc           被投诉人信用代码  uscc
            name           被投诉人名称      name
            received_at    登记时间          time
            channel        来源              choice 全国12315平台=5 12345转办=3 来电=2 来访=1
            nature         性质              choice 投诉=8 举报=2
            topic          问题类别          made string
            content        内容              made string
            amount         涉及金额（元）    money 180 1.2 null=0.3
            complainant    投诉人            person secret=1 null=0.1
            outcome        办理结果          choice 达成调解=5 终止调解=3 不予受理=1 办理中=1
        """),
        law="消费者权益保护法", article="46", domain="消费维权", purpose="消费者投诉与举报",
        conditions={
            "food": "topic IN ('食品异物', '食品变质', '身体不适', '环境卫生')",
            "vanished": "topic IN ('预付卡', '电话失联')", "report": "nature = '举报'",
        },
        categories={"topic": 12}, texts={"content": 6}, measures=("amount",), direction={"count": "up"},
        encoding="gb18030", windows=("P90D", "P365D"),
    ),
    Dataset(
        "market_penalties", "市场监管行政处罚信息", BUREAU + "（法规科）", Own("market_penalties"),
        columns("""
            decision_no    处罚决定书文号    no YSJC
            uscc           统一社会信用代码   uscc
            name           当事人名称        name
            violation      违法行为类型      choice 经营超过保质期食品=4 未明码标价=3 虚假宣传=3 超范围经营=3 \
                无证经营=2 未查验健康证明=3 登记事项不实=2
            kind           处罚种类          choice 警告=3 罚款=6 没收违法所得=2
            amount         罚没金额（元）    money 2600 1.0
            decided_on     决定日期          date
            published_on   公示日期          known 5 25
        """),
        law="行政处罚法", article="48", domain="综合执法", purpose="本局作出的行政处罚决定",
        measures=("amount",), categories={"violation": 7}, direction={"count": "up"},
    ),
    Dataset(
        "food_operation_licences", "食品经营许可证信息", BUREAU + "（食品经营科）",
        Register(Whom(0.95, ("catering", "food_retail")), term=5),
        columns("""
            licence_no     许可证编号        food_licence
            uscc           统一社会信用代码   uscc
            name           经营者名称        name
            premises       经营场所          address
            items          经营项目          choice 热食类食品制售=5 预包装食品销售=5 散装食品销售=3 \
                冷食类食品制售=2 自制饮品=2
            issued_on      发证日期          from
            valid_to       有效期至          to 5
            authority      发证机关          station
        """),
        law="食品安全法", article="35", domain="食品安全", key=("licence_no", "issued_on"), event="issued_on",
        purpose="食品经营许可及有效期", categories={"items": 5},
    ),
    Dataset(
        "food_production_licences", "食品生产许可证信息", BUREAU + "（食品生产科）",
        Register(Whom(0.9, ("food_making",)), term=5),
        columns("""
            licence_no     许可证编号        food_licence
            uscc           统一社会信用代码   uscc
            name           生产者名称        name
            category       食品类别          choice 糕点=3 调味品=3 粮食加工品=3 饮料=2 肉制品=2 豆制品=2
            issued_on      发证日期          from
            valid_to       有效期至          to 5
        """),
        law="食品安全法", article="35", domain="食品安全", key=("licence_no", "issued_on"), event="issued_on",
        purpose="食品生产许可及有效期", format="xlsx",
    ),
    Dataset(
        "food_safety_officers", "食品安全管理人员考核信息", BUREAU + "（食品协调科）",
        Events(0.35, whom=Whom(0.8, FOOD)),
        columns("""
            uscc           统一社会信用代码   uscc
            officer        考核人员          person secret=1
            tested_on      考核日期          date
            score          成绩              number 82 9 0 100
            passed         是否合格          choice 是=9 否=1
        """),
        law="食品安全法", article="44", domain="食品安全", purpose="食品安全员抽考情况",
        measures=("score",), conditions={"failed": "passed = '否'"}, encoding="gb18030",
    ),
    Dataset(
        "food_sampling", "食品安全监督抽检结果", BUREAU + "（食品抽检科）",
        Events(0.30, lean=0.15, whom=Whom(1.0, FOOD)),
        columns("""
            sample_no      抽样单编号        no NCP
            uscc           被抽样单位信用代码 uscc
            name           被抽样单位        name
            category       食品大类          choice 蔬菜=4 水产品=2 肉制品=3 餐饮具=4 糕点=2 调味品=2
            sampled_on     抽样日期          date
            reported_on    报告日期          known 12 30
            verdict        结论              choice 合格=97 不合格=3 lean=0.5
            agency         承检机构          choice 云汀市食品检验所=6 东浦检测中心=3 海川检测公司=2
        """),
        law="食品安全法", article="87", domain="食品安全", purpose="食品监督抽检及结论",
        conditions={"failed": "verdict = '不合格'"}, direction={"failed": "up"},
    ),
    Dataset(
        "kitchen_alarms", "明厨亮灶监测预警", BUREAU + "（智慧监管中心）", Events(signal="kitchen_alarm"),
        columns("""
            alarm_no       预警编号          no MC
            licence_no     食品经营许可证号  food_licence
            device         设备编号          unit SB
            raised_at      预警时间          time
            rule           预警规则          choice 冷藏温度越限=4 未戴口罩=5 未戴帽=3 发现鼠迹=1 离线=3 地面积水=1
            value          监测值            number 9.5 3 -5 40 null=0.4
            minutes        持续分钟          int 1 240
            verdict        人工认定          choice 属实=5 误报=3 待认定=2
        """),
        law="食品安全法实施条例", article="29", domain="远程监控",
        purpose="后厨视频与温度设备的预警（预警不等于认定）",
        conditions={"fridge": "rule = '冷藏温度越限'", "confirmed": "verdict = '属实'"}, measures=("minutes",),
        direction={"count": "up"}, windows=("P90D", "P365D"),
    ),
    Dataset(
        "kitchen_devices", "明厨亮灶接入设备台账", BUREAU + "（智慧监管中心）", Register(Whom(0.35, ("catering",))),
        columns("""
            device_no      设备编号          no SBT
            licence_no     食品经营许可证号  food_licence
            maker          设备厂商          choice 海视=5 云眼=3 慧联=2
            kind           设备类型          choice 摄像机=6 温度探头=3 门磁=1
            installed_on   安装日期          from
            state          状态              choice 在线=8 离线=1 停用=1
        """),
        domain="远程监控", purpose="设备台账，不用于派生因子", event="installed_on", format="xlsx",
    ),
    Dataset(
        "special_equipment", "特种设备使用登记", BUREAU + "（特种设备科）",
        Register(Whom(0.12, ("manufacturing", "lodging", "medical", "food_making", "logistics"))),
        columns("""
            equipment_no   设备代码          no TZ
            uscc           使用单位信用代码  uscc
            category       设备种类          choice 电梯=5 叉车=5 锅炉=2 压力容器=4 起重机械=3
            maker          制造单位          choice 恒力机械=3 东浦重工=2 天梯电梯=4 云岭锅炉=2
            registered_on  登记日期          from
            next_test_on   下次检验日期      to 1
        """),
        law="特种设备安全法", article="33", domain="特种设备", purpose="特种设备使用登记", event="registered_on",
        categories={"category": 5},
    ),
    Dataset(
        "special_equipment_tests", "特种设备定期检验报告", "云汀市特种设备检验院",
        Events(0.9, whom=Whom(0.12, ("manufacturing", "lodging", "medical", "food_making", "logistics"))),
        columns("""
            report_no      报告编号          no TJ
            uscc           使用单位信用代码  uscc
            category       设备种类          choice 电梯=5 叉车=5 锅炉=2 压力容器=4 起重机械=3
            tested_on      检验日期          date
            verdict        检验结论          choice 合格=92 复检合格=5 不合格=3
            valid_to       下次检验日期      to 1
        """),
        law="特种设备安全法", article="40", domain="特种设备", purpose="定期检验结论",
        conditions={"failed": "verdict = '不合格'"}, dates="yyyy/MM/dd",
    ),
    Dataset(
        "elevator_maintenance", "电梯维护保养记录", "云汀市特种设备检验院",
        Periodic(1, Whom(0.02, ("lodging", "services", "medical", "education"))),
        columns("""
            uscc           使用单位信用代码  uscc
            month          维保月份          month
            visits         维保次数          int 0 3
            faults         困人及故障次数    count 0.15
            company        维保单位          choice 天梯维保=4 安行电梯=3 众力机电=2
        """),
        law="特种设备安全法", article="45", domain="特种设备", purpose="电梯按月维保情况",
        measures=("faults", "visits"), dates="yyyyMM",
    ),
    Dataset(
        "measuring_devices", "强制检定计量器具备案", BUREAU + "（计量科）",
        Events(0.25, whom=Whom(0.4, ("food_retail", "retail", "medical", "repair", "wholesale"))),
        columns("""
            certificate_no 检定证书号        no JL
            uscc           使用单位信用代码  uscc
            device         器具名称          choice 电子计价秤=6 加油机=1 血压计=3 压力表=2 出租车计价器=1
            tested_on      检定日期          date
            verdict        结论              choice 合格=95 不合格=5
        """),
        law="计量法", article="9", domain="计量", purpose="强检计量器具检定",
        conditions={"failed": "verdict = '不合格'"},
    ),
    Dataset(
        "product_sampling", "产品质量监督抽查结果", BUREAU + "（质量监督科）",
        Events(0.06, lean=0.15, whom=Whom(1.0, ("manufacturing", "retail", "wholesale", "construction"))),
        columns("""
            notice_no      抽查通知书编号    no ZL
            uscc           受检单位信用代码  uscc
            product        产品名称          choice 电线电缆=3 儿童玩具=2 电动自行车=3 家具=2 服装=3 燃气灶具=2 头盔=1
            sampled_on     抽样日期          date
            reported_on    报告日期          known 15 45
            verdict        结论              choice 合格=90 不合格=10 lean=0.4
        """),
        law="产品质量法", article="15", domain="质量监督", purpose="产品质量监督抽查",
        conditions={"failed": "verdict = '不合格'"}, direction={"failed": "up"}, format="xlsx",
    ),
    Dataset(
        "trademarks", "注册商标信息", "云汀市知识产权局", Events(0.02, whom=Whom(1.0, kinds=("company",))),
        columns("""
            reg_no         注册号            no SB
            uscc           注册人信用代码    uscc
            class_no       国际分类          int 1 45
            registered_on  注册公告日        date
        """),
        law="优化营商环境条例", article="15", domain="知识产权", purpose="注册商标", measures=(),
    ),
    Dataset(
        "patents", "专利授权信息", "云汀市知识产权局",
        Events(0.015, whom=Whom(1.0, ("manufacturing", "services", "food_making"), ("company",))),
        columns("""
            patent_no      专利号            no ZL
            uscc           专利权人信用代码  uscc
            kind           专利类型          choice 发明=2 实用新型=6 外观设计=4
            granted_on     授权公告日        date
        """),
        law="优化营商环境条例", article="15", domain="知识产权", purpose="专利授权", categories={"kind": 3},
        windows=("P365D",), format="xlsx",
    ),
    Dataset(
        "equity_pledges", "股权出质登记", BUREAU + "（登记注册科）",
        Events(0.01, lean=0.2, whom=Whom(1.0, kinds=("company",))),
        columns("""
            pledge_no      质权登记编号      no GQ
            uscc           出质股权所在公司信用代码 uscc
            amount         出质股权数额（万元） money 120 1.0
            registered_on  登记日期          date
            state          状态              choice 有效=7 注销=3
        """),
        law="市场主体登记管理条例", article="19", domain="登记注册", purpose="股权出质", measures=("amount",),
        windows=("P365D", "P730D"),
    ),
    Dataset(
        "advertising_monitoring", "广告监测涉嫌违法线索", BUREAU + "（广告科）",
        Events(0.03, lean=0.3, whom=Whom(1.0, ("beauty", "medical", "education", "catering", "retail"))),
        columns("""
            clue_no        线索编号          no GG
            uscc           广告主信用代码    uscc
            medium         媒介              choice 短视频=5 直播=3 公众号=3 户外=1 店堂=2
            suspicion      涉嫌问题          choice 绝对化用语=5 医疗用语=3 虚假承诺=2 未标明广告=2
            found_at       发现时间          time
            verdict        核查结论          choice 属实=4 不属实=4 核查中=2
        """),
        law="广告法", article="49", domain="广告监测", purpose="广告监测线索（线索不等于认定）",
        conditions={"confirmed": "verdict = '属实'"}, categories={"suspicion": 4},
    ),
    Dataset(
        "cosmetics_shops", "化妆品经营主体备查信息", BUREAU + "（化妆品科）", Register(Whom(0.6, ("beauty",))),
        columns("""
            file_no        备查编号          no HZP
            uscc           统一社会信用代码   uscc
            brands         经营品牌数        int 1 60
            own_mixing     是否现场配制      choice 否=9 是=1
            filed_on       备查日期          from
        """),
        law="化妆品监督管理条例", article="46", domain="药化械", purpose="化妆品经营者备查", event="filed_on",
        measures=("brands",), conditions={"mixing": "own_mixing = '是'"}, format="xlsx",
    ),
    Dataset(
        "medical_device_filings", "第二类医疗器械经营备案", BUREAU + "（医疗器械科）",
        Register(Whom(0.7, ("medical",))),
        columns("""
            filing_no      备案编号          no YLX
            uscc           统一社会信用代码   uscc
            mode           经营方式          choice 零售=6 批发=2 批零兼营=2
            filed_on       备案日期          from
        """),
        law="医疗器械监督管理条例", article="41", domain="药化械", purpose="医疗器械经营备案", event="filed_on",
        categories={"mode": 3}, encoding="gb18030",
    ),
    Dataset(
        "drug_retail_licences", "药品经营许可证信息", BUREAU + "（药品科）",
        Register(Whom(0.5, ("medical",)), term=5),
        columns("""
            licence_no     许可证编号        no YP
            uscc           统一社会信用代码   uscc
            pharmacist     执业药师          person secret=1
            issued_on      发证日期          from
            valid_to       有效期至          to 5
        """),
        law="药品管理法", article="51", domain="药化械", purpose="药品零售许可", event="issued_on", format="xlsx",
    ),
    Dataset(
        "simple_cancellations", "简易注销公告", BUREAU + "（登记注册科）",
        Events(0.012, whom=Whom(1.0, kinds=("company",))),
        columns("""
            notice_no      公告编号          no JZ
            uscc           统一社会信用代码   uscc
            name           名称              name
            announced_on   公告日期          date
            objection      是否有异议        choice 否=19 是=1
        """),
        law="市场主体登记管理条例", article="33", domain="登记注册", purpose="简易注销公告及异议",
        conditions={"objected": "objection = '是'"},
    ),
)  # fmt: skip
